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
    case 'signed_in':
      return 'anybody signed in'
    default:
      return rule ? 'anyone' : 'NOBODY SAYS'
  }
}

/** The folder of a feature has the first word of its address (README, "Map"). */
const fileOf = (path: string): string => {
  const [first = '', , third] = path.split('/').slice(1)
  const word = first === 'o' ? (third ?? 'organizations') : first
  const special: Record<string, string> = {
    '': 'organizations',
    'cannot-sign-in': 'sign-in',
    'sign-out': 'sessions',
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
    for (const { method, path, rule } of routesOf(app))
      print(`${method.padEnd(6)}${path.padEnd(34)}${who(rule).padEnd(34)}${fileOf(path)}`)
  },
}
