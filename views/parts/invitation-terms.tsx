import type { Form } from '../../src/platform/web/form.ts'
import { Field } from './field.tsx'
import { Icon } from './icon.tsx'
import { TextArea } from './text-area.tsx'

/* What every form that ends in an invitation has at its end, be it one person's, a list's, or the last step of Add user. */

/** The second look at an address that looks like another one; there only when it does. */
export const Anyway = ({
  form,
  label = 'Send it to this address anyway',
}: {
  form: Form | undefined
  label?: string
}) =>
  (form?.errors.anyway ?? form?.values.anyway) !== undefined && (
    <div class="field ways">
      {form?.errors.anyway && (
        <p class="error" id="anyway-error">
          <Icon name="alert" />
          {form.errors.anyway}
        </p>
      )}
      <label class="check">
        <input type="checkbox" name="anyway" id="anyway" value="on" checked={form?.values.anyway === 'on'} /> {label}
      </label>
    </div>
  )

type TermsProps = { days: number; message?: string; form: Form | undefined }
export const TermsFields = ({ days, message = '', form }: TermsProps) => (
  <>
    <Field
      label="Valid for how many days"
      name="days"
      form={form}
      value={String(days)}
      hint="From 1 to 60. The link stops working then."
      short
      required
      inputmode="numeric"
    />
    <TextArea
      label="Message"
      name="message"
      form={form}
      value={message}
      hint="Stands in the letter under your name. 500 characters at most."
      rows={4}
      maxlength={500}
    />
  </>
)

/** What pressing the button does and doesn't do. */
export const WhatHappens = ({ approval, mailing }: { approval: boolean; mailing: boolean }) => (
  <>
    {approval && <p class="note">It waits for somebody’s approval first. There is no letter and no link before.</p>}
    {!mailing && (
      <p class="note">
        No mail server is set up, so no mail is sent. {approval ? 'Once it is approved, copy' : 'Copy'} the link from
        the invitation’s own page, and pass it on.
      </p>
    )}
  </>
)
