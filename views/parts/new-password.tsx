import { least } from '../../src/passwords/rules.ts'
import type { Form } from '../../src/platform/web/form.ts'
import { asset } from '../../src/platform/web/static.ts'
import { Field } from './field.tsx'

/** A new password, typed twice. Where script runs its strength is told as it is typed. */
export const NewPasswordFields = ({ form }: { form?: Form | undefined }) => (
  <>
    <Field
      label="New password"
      name="password"
      type="password"
      hint="15 characters or more. A few words in a row are easy to remember."
      autocomplete="new-password"
      required
      form={form}
    />
    <Field
      label="New password again"
      name="password_again"
      type="password"
      autocomplete="new-password"
      required
      form={form}
    />
    <script src={asset('password.js')} defer data-least={least} />
  </>
)
