import { z } from 'zod'
import { type Form, secret } from '../platform/web/form.ts'
import { passwordErrors, type Whose } from './rules.ts'

/** A new password, typed twice; passwordErrors() judges it. */
export const newPassword = z.object({
  password: secret('Enter a new password'),
  password_again: secret('Enter the new password again'),
})

/** A form with something else wrong, and what is wrong with its new password: what has to be typed again anyway is told at once. */
export const withPassword = <T>(form: Form<T>, whose: Whose): Form<T> => {
  const { password = '', password_again = '' } = form.values
  return { ...form, errors: { ...form.errors, ...passwordErrors({ password, password_again }, whose), ...form.errors } }
}
