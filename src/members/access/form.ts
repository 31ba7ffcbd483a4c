import { z } from 'zod'
import { allPermissions, type OrganizationRole, organizationRoles } from '../../platform/access/permissions.ts'
import { readId } from '../../platform/ids.ts'
import type { Access } from './rules.ts'

const roles = Object.keys(organizationRoles) as OrganizationRole[]
const id = z.string().transform((text) => readId(text) ?? '')

/** Everything that somebody may be given. */
export const accessFields = {
  role: z.enum(roles, 'Choose an organization role'),
  group: z
    .string('Choose a group')
    .min(1, 'Choose a group')
    .transform((text) => readId(text) ?? ''),
  group_manager: z.literal('on', 'Tick it or leave it').optional(),
  custom_role: z.array(id).max(60, 'Choose at most 60 custom roles').default([]),
  permission: z.array(z.enum(allPermissions, 'One of these isn’t a permission anymore')).default([]),
}
const fields = z.object(accessFields)

export const accessIn = (input: z.output<typeof fields>): Access => ({
  role: input.role,
  group: input.group,
  manages: input.group_manager === 'on',
  customRoles: [...new Set(input.custom_role)],
  permissions: [...new Set(input.permission)],
})
