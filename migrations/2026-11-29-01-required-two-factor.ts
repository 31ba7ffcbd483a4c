// Two-factor that an organization requires from a day on, who is exempt from it until when, and which letters said so before.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`alter table organization add column two_factor_from date`.execute(db)

  await sql`create table two_factor_exemption (
    organization_id uuid not null,
    membership_id uuid not null,
    until date not null,
    reason text not null,
    given_by uuid,
    given_at timestamptz(3) not null,
    told_at timestamptz(3),
    primary key (organization_id, membership_id),
    foreign key (organization_id, membership_id) references membership (organization_id, id) on delete cascade,
    foreign key (organization_id, given_by) references membership (organization_id, id) on delete set null (given_by)
  )`.execute(db)
  await sql`create index two_factor_exemption_ends on two_factor_exemption (organization_id, until, membership_id)`.execute(
    db,
  )
  await sql`create index two_factor_exemption_giver on two_factor_exemption (organization_id, given_by)
    where given_by is not null`.execute(db)

  // One row is one letter: of two processes one writes it. A day that is put off has letters of its own.
  await sql`create table two_factor_notice (
    organization_id uuid not null,
    membership_id uuid not null,
    needed_from date not null,
    days_before int not null,
    primary key (organization_id, membership_id, needed_from, days_before),
    foreign key (organization_id, membership_id) references membership (organization_id, id) on delete cascade
  )`.execute(db)

  // The first day on which some place that is open on this one needs it. greatest() passes over what is null. In plpgsql, which keeps
  // its plan: it is a part of every sign-in.
  await sql`create function two_factor_needed_from(whose uuid, today date) returns date language plpgsql stable as $$
    begin return (select min(greatest(o.two_factor_from, x.until + 1))
    from membership m join organization o on o.id = m.organization_id
      left join two_factor_exemption x on x.organization_id = m.organization_id and x.membership_id = m.id
    where m.account_id = whose and m.removed_at is null and m.suspended_at is null and today between m.starts_on and m.ends_on
      and o.two_factor_from is not null); end $$`.execute(db)
}
