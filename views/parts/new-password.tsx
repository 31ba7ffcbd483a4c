import type { Form } from '../../src/platform/web/form.ts'
import { Field } from './field.tsx'

/** A new password, typed twice. */
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
  </>
)
