import { expect, test } from 'vitest'
import { type Facts, invitationFacts, nextStep } from '../../src/support/rules.ts'

const account = { blocked: false, usable: true, failures: 0, enrolls: false }
const active = { organization: 'Harbor', status: 'active' as const }
const invited = { id: 'i', organization: 'Harbor', status: 'pending_activation' as const, sendable: true }
const nobody: Facts = { account: null, members: [], elsewhere: 0, invitations: [] }

/** Of an address that is known like this, the one next step. */
const table: [who: string, facts: Partial<Facts>, act: ReturnType<typeof nextStep>['act'], words: string][] = [
  ['nobody anywhere', {}, null, 'Compare the spelling'],
  ['somebody whose organizations don’t allow support', { elsewhere: 1 }, null, 'doesn’t allow support access'],
  ['invited, not joined', { invitations: [invited] }, 'resend', 'Send it again'],
  ['invited, too late', { invitations: [{ ...invited, status: 'expired' }] }, 'resend', 'has expired'],
  ['invited, sent too often', { invitations: [{ ...invited, sendable: false }] }, null, 'as often as a day allows'],
  [
    'waiting for approval',
    { invitations: [{ ...invited, status: 'pending_approval', sendable: false }] },
    null,
    'waits for approval',
  ],
  ['declined', { invitations: [{ ...invited, status: 'rejected', sendable: false }] }, null, 'declined'],
  ['revoked', { invitations: [{ ...invited, status: 'revoked', sendable: false }] }, null, 'was revoked'],
  ['blocked', { account: { ...account, blocked: true }, members: [active] }, 'unblock', 'blocked'],
  [
    'blocked, before anything else',
    { account: { ...account, blocked: true, usable: false, failures: 9 }, invitations: [invited] },
    'unblock',
    'blocked',
  ],
  ['without a password', { account: { ...account, usable: false }, members: [active] }, 'reset_link', 'no password'],
  ['suspended', { account, members: [{ organization: 'Harbor', status: 'suspended' }] }, null, 'Harbor suspended them'],
  ['ended', { account, members: [{ organization: 'Harbor', status: 'ended' }] }, null, 'has ended'],
  ['not started', { account, members: [{ organization: 'Harbor', status: 'not_started' }] }, null, 'hasn’t started'],
  ['removed', { account, members: [{ organization: 'Harbor', status: 'removed' }] }, null, 'were removed'],
  [
    'removed, and invited again',
    { account, members: [{ organization: 'Harbor', status: 'removed' }], invitations: [invited] },
    'resend',
    'the account that they have',
  ],
  [
    'suspended, and without a password',
    { account: { ...account, usable: false }, members: [{ organization: 'Harbor', status: 'suspended' }] },
    null,
    'suspended them',
  ],
  ['with an account and no place', { account }, null, 'no organization has a place'],
  ['typing it wrong', { account: { ...account, failures: 3 }, members: [active] }, 'reset_link', '(3)'],
  ['lacking two-factor', { account: { ...account, enrolls: true }, members: [active] }, 'reset_link', 'must turn on'],
  ['in one, invited to another', { account, members: [active], invitations: [invited] }, 'resend', 'haven’t joined'],
  ['all well', { account, members: [active] }, 'reset_link', 'Nothing here keeps them out'],
  ['all well, and more elsewhere', { account, elsewhere: 2, members: [active] }, 'reset_link', 'Nothing here'],
  [
    'all well, an old invitation accepted',
    { account, members: [active], invitations: [{ ...invited, status: 'active', sendable: false }] },
    'reset_link',
    'Nothing here',
  ],
]

test.each(table)('%s', (_, facts, act, words) => {
  const step = nextStep({ ...nobody, ...facts })
  expect(step.act).toBe(act)
  expect(step.sentence).toContain(words)
  expect(step.sentence).toMatch(/\.$/)
})

test('an invitation can be sent again while it is the last one, open or expired, and not more than five times a day', () => {
  const now = new Date('2026-11-22T12:00:00Z')
  const row = {
    id: 'i',
    organization_name: 'Harbor',
    status: 'pending_activation',
    expires_at: '2026-11-22T12:00:00Z',
    resend_day: '2026-11-22',
    resends: 4,
    last: true,
  }
  expect(invitationFacts(row, now)).toMatchObject({ status: 'expired', sendable: true })
  expect(invitationFacts({ ...row, resends: 5 }, now).sendable).toBe(false)
  expect(invitationFacts({ ...row, resends: 5, resend_day: '2026-11-21' }, now).sendable).toBe(true)
  expect(invitationFacts({ ...row, last: false }, now).sendable).toBe(false)
  expect(invitationFacts({ ...row, status: 'revoked' }, now).sendable).toBe(false)
})
