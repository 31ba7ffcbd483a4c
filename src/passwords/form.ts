import { z } from 'zod'
import { secret } from '../platform/web/form.ts'

/** A new password, typed twice; passwordErrors() judges it. */
export const newPassword = z.object({
  password: secret('Enter a new password'),
  password_again: secret('Enter the new password again'),
})
