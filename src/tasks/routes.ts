import { createApp, routesOf } from '../app.tsx'
import type { Guard } from '../platform/access/allow.ts'
import type { Services } from '../platform/web/app-context.ts'
import type { Command } from './command.ts'

const who = (rule: Guard['rule'] | undefined): string => {
  switch (rule?.kind) {
    case 'permission':
      return rule.permission + (rule.orSelf ? ', or oneself' : '')
    case 'stage':
      return `sign-in at ${rule.stage}`
    case 'member':
      return 'members of the organization'
    case 'support':
      return 'support staff'
    case 'signed_in':
      return 'anybody signed in'
    default:
      return rule ? 'anyone' : 'NOBODY SAYS'
  }
}

/** The folder of a feature has the first word of its address (README, "Map"). */
const fileOf = (path: string): string => {
  const [first = '', second, third, fourth] = path.split('/').slice(1)
  if (first === 'support' && second === 'invitations') return 'src/invitations/across'
  // It brings members and invitations together.
  if (third === 'members' && fourth === 'new') return 'src/add-user'
  if (path.startsWith('/profile/security/password')) return 'src/passwords/change'
  if (path.startsWith('/profile/security') || path.startsWith('/sign-in/enroll')) return 'src/two-factor'
  if (path.startsWith('/profile/sessions')) return 'src/sessions'
  const word = first === 'o' ? (third ?? 'organizations') : first
  const special: Record<string, string> = {
    '': 'organizations',
    'cannot-sign-in': 'sign-in',
    confirm: 'two-factor',
    'forgotten-password': 'passwords/forgotten',
    'sign-out': 'sessions',
    join: 'joining',
    'reset-password': 'passwords',
    setup: 'set-up',
    healthz: 'probes',
    readyz: 'probes',
    metrics: 'probes',
    'members.csv': 'members',
    'members.xlsx': 'members',
    static: 'platform/web',
  }
  return `src/${special[word] ?? word}`
}

export const command: Command = {
  usage: 'routes',
  help: 'Every route: method, address, who may, and the folder it is in.',
  flags: {},
  offline: true,
  run: async ({ config, print }) => {
    const app = createApp({ config } as Services)
    for (const { method, path, rule, stepUp } of routesOf(app)) {
      const may = who(rule) + (stepUp ? ', confirmed' : '')
      print(`${method.padEnd(6)}${path.padEnd(34)}${may.padEnd(34)} ${fileOf(path)}`)
    }
  },
}
