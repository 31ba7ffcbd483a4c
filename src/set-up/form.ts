import { z } from 'zod'
import { email, line } from '../platform/web/form.ts'

/** What names an organization and its first Admin, on the screen and on the command line. */
export const newOrganization = z.object({
  organization: line(100, { needed: 'Enter the name of your organization', label: 'The name' }),
  first_name: line(100, { needed: 'Enter your first name', label: 'First name' }),
  last_name: line(100, { label: 'Last name' }),
  email,
})
