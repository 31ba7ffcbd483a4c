import type { Form } from '../../src/platform/web/form.ts'
import { Labelled, type Said, tied } from './labelled.tsx'

type Props = Said & {
  type?: 'text' | 'email' | 'password' | 'tel' | 'search' | 'date'
  value?: string
  autocomplete?: string
  autofocus?: boolean
  required?: boolean
  short?: boolean
  /** Six figures, or the letters of a backup code: a number pad, and nothing filled in again. */
  code?: boolean
  maxlength?: number
  inputmode?: 'numeric' | 'tel'
}

/** One labelled text field with its hint and its error. Passwords are never filled again. */
export const Field = ({ label, name, type = 'text', hint, form, value, short, code, ...rest }: Props) => (
  <Labelled label={label} name={name} hint={hint} form={form}>
    <input
      {...tied({ name, hint, form })}
      type={type}
      class={short || code ? `short${code ? ' code' : ''}` : undefined}
      value={type === 'password' || code ? undefined : (form?.values[name] ?? value)}
      {...(type === 'email' || name === 'login' || code ? { autocapitalize: 'none', spellcheck: false } : {})}
      {...rest}
    />
  </Labelled>
)

const counts = ['', 'one thing', 'two things', 'three things', 'four things', 'five things']

/** What is wrong with a form, at its top; each line leads to its field in the same words. */
export const ErrorSummary = ({ form }: { form?: Form | undefined }) => {
  const errors = Object.entries(form?.errors ?? {})
  if (errors.length === 0) return null
  const shown = errors.filter(([name]) => name !== '')
  const general = form?.errors['']
  return (
    <div class="summary" role="alert" tabindex={-1} id="errors">
      <h2>{general ?? `Please fix ${counts[shown.length] ?? `${shown.length} things`}`}</h2>
      {shown.length > 0 && (
        <ul>
          {shown.map(([name, message]) => (
            <li>
              <a href={`#${name}`}>{message}</a>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
