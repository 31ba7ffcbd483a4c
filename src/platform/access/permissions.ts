/** Every right that Rollcall knows, declared here and nowhere else (product.md, "Permissions"). */
export const permissions = {
  'members.view': {
    area: 'Members',
    label: 'View members',
    help: 'See the people of the organization and their details',
  },
  'members.invite': { area: 'Members', label: 'Invite members', help: 'Invite people, or add them at once' },
  'members.edit': { area: 'Members', label: 'Edit members', help: 'Change profiles and dates, suspend and reactivate' },
  'members.access': {
    area: 'Members',
    label: 'Change access',
    help: 'Change organization role, custom roles, group and direct permissions',
  },
  'members.remove': {
    area: 'Members',
    label: 'Remove members',
    help: 'Remove people from the organization and take them back',
  },
  'members.credentials': {
    area: 'Members',
    label: 'Manage sign-in',
    help: 'Set passwords, unblock, reset two-factor, sign people out',
  },
  'members.download': {
    area: 'Members',
    label: 'Download members',
    help: 'Take the list of members out as CSV or Excel',
  },
  'invitations.view': { area: 'Invitations', label: 'View invitations', help: 'See every invitation and its history' },
  'invitations.approve': {
    area: 'Invitations',
    label: 'Approve invitations',
    help: 'Approve or deny invitations that wait',
  },
  'groups.manage': { area: 'Organization', label: 'Manage groups', help: 'Create, change and delete groups' },
  'roles.manage': { area: 'Organization', label: 'Manage roles', help: 'Create, change and delete custom roles' },
  'regions.manage': { area: 'Organization', label: 'Manage regions', help: 'Define regions and areas' },
  'cases.view': { area: 'Cases', label: 'View cases', help: 'See the cases that one is assigned to' },
  'cases.manage': { area: 'Cases', label: 'Manage cases', help: 'Create cases and change their teams' },
  'claims.view': {
    area: 'Claims',
    label: 'View assigned claims',
    help: 'See claims of assigned cases, and own claims',
  },
  'claims.all': { area: 'Claims', label: 'View all claims', help: 'See the claims of every case' },
  'claims.edit': { area: 'Claims', label: 'Edit claims', help: 'Change claims, their status and their owner' },
  'claims.import': { area: 'Claims', label: 'Import claims', help: 'Upload claims files' },
  'claims.export': { area: 'Claims', label: 'Export claims', help: 'Take claims out as files' },
  'reports.schedule': { area: 'Claims', label: 'Schedule reports', help: 'Have reports sent by mail' },
  'settings.business': { area: 'Settings', label: 'Change business settings', help: 'Name, logo, contact and address' },
  'settings.portal': {
    area: 'Settings',
    label: 'Change the claim portal',
    help: 'Branding, form and submission rules',
  },
  'settings.notifications': { area: 'Settings', label: 'Change notifications', help: 'What is told to whom, and when' },
  'settings.security': {
    area: 'Settings',
    label: 'Change security settings',
    help: 'Two-factor, invitations, sessions',
  },
  'integrations.manage': { area: 'Settings', label: 'Manage integrations', help: 'Directories, single sign-on, feeds' },
  'developer.tools': { area: 'Developer', label: 'Use developer tools', help: 'API tokens, reference and webhooks' },
  'audit.view': { area: 'Oversight', label: 'View the audit log', help: 'See who did what' },
  'usage.view': { area: 'Oversight', label: 'View usage', help: 'See seats today and by day' },
  'data.export': { area: 'Oversight', label: 'Export all data', help: 'Take out everything the organization holds' },
  'organization.delete': { area: 'Oversight', label: 'Delete the organization', help: 'Erase it and everything in it' },
} as const satisfies Record<string, { area: string; label: string; help: string }>

export type Permission = keyof typeof permissions
export const allPermissions = Object.keys(permissions) as Permission[]
export const isPermission = (text: string): text is Permission => Object.hasOwn(permissions, text)

export const organizationRoles = {
  admin: { label: 'Admin', help: 'Holds every permission' },
  viewer: { label: 'Viewer', help: 'Reads everything, changes nothing' },
  developer: { label: 'Developer', help: 'Developer tools alone' },
  member: { label: 'Member', help: 'No rights of its own' },
} as const
export type OrganizationRole = keyof typeof organizationRoles

/** What the organization role gives by itself. For Viewer and Developer it is the ceiling too. */
const given: Record<OrganizationRole, readonly Permission[]> = {
  admin: allPermissions,
  viewer: allPermissions.filter((name) => name.endsWith('.view') && name !== 'audit.view'),
  developer: ['developer.tools'],
  member: [],
}
const isCeiling: Record<OrganizationRole, boolean> = { admin: false, viewer: true, developer: true, member: false }
export const hasCeiling = (role: OrganizationRole): boolean => isCeiling[role]

/** The permissions that an organization role gives by itself. */
export const givenBy = (role: OrganizationRole): readonly Permission[] => given[role]

/** What the mark Group manager gives, within the group alone. */
export const managed: readonly Permission[] = ['members.view', 'members.invite', 'members.edit', 'invitations.view']

export type Source =
  | { from: 'organization_role'; name: string }
  | { from: 'group' | 'custom_role'; name: string }
  | { from: 'direct' }
  | { from: 'group_manager'; name: string }

const sourceOf = (kind: 'group' | 'role' | 'direct', name: string): Source =>
  kind === 'direct' ? { from: 'direct' } : { from: kind === 'role' ? 'custom_role' : 'group', name }

/** Somebody's hold on one permission. `scope` is group where it counts only for the own group; not `effective`: above the ceiling. */
export type Right = { permission: Permission; sources: Source[]; scope: 'organization' | 'group'; effective: boolean }

/** What the database tells of somebody's access. Grants are permission, kind of source, and its name. */
export type Grants = {
  organizationRole: OrganizationRole
  groupName: string
  managesGroup: boolean
  grants: [permission: string, kind: 'group' | 'role' | 'direct', name: string][]
}

/**
 * Every right of somebody with all its sources, in the order of the list above; rights above the ceiling of the
 * organization role are there too, not effective (product.md, "organization role"). Names that are no permission are left out.
 */
export function rightsOf(somebody: Grants): Right[] {
  const role = somebody.organizationRole
  const own = given[role]
  const sources = new Map<Permission, { wide: Source[]; narrow: Source[] }>()
  const at = (name: Permission) => {
    let entry = sources.get(name)
    if (!entry) sources.set(name, (entry = { wide: [], narrow: [] }))
    return entry
  }
  for (const name of own) at(name).wide.push({ from: 'organization_role', name: organizationRoles[role].label })
  for (const [name, kind, title] of somebody.grants) if (isPermission(name)) at(name).wide.push(sourceOf(kind, title))
  if (somebody.managesGroup)
    for (const name of managed) at(name).narrow.push({ from: 'group_manager', name: somebody.groupName })

  return allPermissions.flatMap((permission): Right[] => {
    const found = sources.get(permission)
    if (!found) return []
    return [
      {
        permission,
        sources: [...found.wide, ...found.narrow],
        scope: found.wide.length > 0 ? 'organization' : 'group',
        effective: !isCeiling[role] || own.includes(permission),
      },
    ]
  })
}
