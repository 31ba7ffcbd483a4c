import { domainToUnicode } from 'node:url'
import type { ApprovalRule } from '../../src/invitations/rules.ts'
import type { Actor } from '../../src/platform/access/actor.ts'
import type { Form } from '../../src/platform/web/form.ts'
import { approvalChoices, mostDomains, type Security } from '../../src/settings/security/rules.ts'
import { ErrorSummary, Field } from '../parts/field.tsx'
import { Icon } from '../parts/icon.tsx'
import { inMain, sentInMain } from '../parts/in-main.ts'
import { Said } from '../parts/said.tsx'
import { Tabs } from '../parts/tabs.tsx'
import { TextArea } from '../parts/text-area.tsx'
import { Day } from '../parts/time.tsx'

type Props = {
  actor: Actor
  action: string
  settings: Security & { two_factor_from: string | null; version: number }
  form?: Form | undefined
  said?: string | undefined
}

/** Settings > Security: whether two-factor is required, what holds for invitations, and who of outside may look in. */
export const SecurityScreen = ({ actor, action, settings, form, said }: Props) => {
  const approval = form?.values.approval ?? settings.invitation_approval
  const ticked = (name: string, now: boolean) => (form ? form.values[name] === 'on' : now)
  return (
    <div class="page">
      {said && <Said text={said} />}
      <div class="head">
        <h1>Settings</h1>
        <Tabs actor={actor} section="Settings" current="/settings/security" />
      </div>
      <ErrorSummary form={form} />
      <h2>Two-factor</h2>
      <p>
        {settings.two_factor_from ? (
          <>
            Every member needs it from <Day date={settings.two_factor_from} /> on, but for those who are exempt.{' '}
          </>
        ) : (
          'Members may turn it on; nobody has to. '
        )}
        <a href={`${action}/two-factor`} {...inMain}>
          {settings.two_factor_from ? 'Change, and see who lacks it' : 'Require two-factor'}
        </a>
      </p>
      <form {...sentInMain(action)} class="access">
        <input type="hidden" name="version" value={String(settings.version)} />
        <h2>Invitations</h2>
        <fieldset class="field ways">
          <legend>Invitations need approval</legend>
          <p class="hint">
            Before it is approved, nobody gets a letter or a link. Whoever approves must hold what is offered
            themselves. Who needs approval can’t add users directly either.
          </p>
          {form?.errors.approval && (
            <p class="error" id="approval-error">
              <Icon name="alert" />
              {form.errors.approval}
            </p>
          )}
          {(Object.keys(approvalChoices) as ApprovalRule[]).map((value, n) => (
            <label class="check">
              <input
                type="radio"
                name="approval"
                value={value}
                id={n === 0 ? 'approval' : undefined}
                checked={value === approval}
              />{' '}
              <span>
                {approvalChoices[value].label}{' '}
                <small>
                  {approvalChoices[value].help}
                  <br />
                </small>
              </span>
            </label>
          ))}
        </fieldset>
        <Field
          label="Valid for how many days"
          name="days"
          form={form}
          value={String(settings.invitation_days)}
          hint="From 1 to 60. Whoever invites can choose another number."
          short
          required
          inputmode="numeric"
        />
        <p class="field ways">
          <label class="check">
            <input
              type="checkbox"
              name="reminder"
              value="on"
              checked={ticked('reminder', settings.invitation_reminder)}
            />{' '}
            Remind people once before their invitation expires
          </label>
        </p>
        <TextArea
          label="Allowed email domains"
          name="domains"
          form={form}
          value={settings.allowed_domains.map(domainToUnicode).join('\n')}
          hint={`One a line, at most ${mostDomains}, like example.org. Addresses of other domains, and of domains below these, can’t be invited or added. Empty: every domain.`}
          rows={5}
        />
        <h2>Support</h2>
        <p class="field ways">
          <label class="check">
            <input
              type="checkbox"
              name="support_access"
              value="on"
              checked={ticked('support_access', settings.support_access)}
            />{' '}
            Support staff of this installation may help here
          </label>{' '}
          <span class="hint">
            They search people and invitations, send invitations again, send reset links and unblock. They never change
            anybody’s access, email, password or two-factor, remove nobody, export nothing and see no claims. All that
            they look at and do is in your audit log.
          </span>
        </p>
        <div class="row">
          <button class="btn main">Save</button>
        </div>
      </form>
    </div>
  )
}
