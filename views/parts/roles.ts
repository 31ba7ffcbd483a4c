import { type OrganizationRole, organizationRoles } from '../../src/platform/access/permissions.ts'

export const roleLabel = (role: string): string => organizationRoles[role as OrganizationRole]?.label ?? role
