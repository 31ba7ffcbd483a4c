import type { Form } from '../../src/platform/web/form.ts'
import { ErrorSummary, Field } from '../parts/field.tsx'

/** The first organization and its Admin. */
export const SetUp = ({ token, form }: { token: string; form?: Form | undefined }) => (
  <>
    <h1>Set up Rollcall</h1>
    <ErrorSummary form={form} />
    <p>This makes the first organization here, and you its Admin. The link that brought you works until then.</p>
    <form method="post" action="/setup">
      <input type="hidden" name="token" value={token} />
      <Field label="Name of the organization" name="organization" autocomplete="organization" required form={form} />
      <Field label="Your first name" name="first_name" autocomplete="given-name" required form={form} />
      <Field
        label="Your last name"
        name="last_name"
        autocomplete="family-name"
        hint="Leave empty if you have one name"
        form={form}
      />
      <Field label="Your email" name="email" type="email" autocomplete="email" required form={form} />
      <Field
        label="Password"
        name="password"
        type="password"
        hint="15 characters or more. A few words in a row are easy to remember."
        autocomplete="new-password"
        required
        form={form}
      />
      <Field
        label="Password again"
        name="password_again"
        type="password"
        autocomplete="new-password"
        required
        form={form}
      />
      <button class="btn main">Create organization</button>
    </form>
  </>
)
