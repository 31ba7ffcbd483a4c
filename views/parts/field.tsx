import type { Form } from '../../src/platform/web/form.ts'
import { Icon } from './icon.tsx'

type Props = {
  label: string
  name: string
  type?: 'text' | 'email' | 'password' | 'tel' | 'search' | 'date'
  hint?: string
  form?: Form | undefined
  value?: string
  autocomplete?: string
  autofocus?: boolean
  required?: boolean
  short?: boolean
  maxlength?: number
}

/** One labelled text field with its hint and its error. Passwords are never filled again. */
export const Field = ({ label, name, type = 'text', hint, form, value, short, ...rest }: Props) => {
  const error = form?.errors[name]
  const described = [error && `${name}-error`, hint && `${name}-hint`].filter(Boolean).join(' ')
  return (
    <div class="field">
      <label for={name}>{label}</label>{' '}
      {hint && (
        <p class="hint" id={`${name}-hint`}>
          {hint}
        </p>
      )}
      {error && (
        <p class="error" id={`${name}-error`}>
          <Icon name="alert" />
          {error}
        </p>
      )}
      <input
        id={name}
        name={name}
        type={type}
        class={short ? 'short' : undefined}
        value={type === 'password' ? undefined : (form?.values[name] ?? value)}
        aria-invalid={error ? 'true' : undefined}
        aria-describedby={described || undefined}
        {...(type === 'email' || name === 'login' ? { autocapitalize: 'none', spellcheck: false } : {})}
        {...rest}
      />
    </div>
  )
}

const counts = ['', 'one thing', 'two things', 'three things', 'four things', 'five things']

/** What is wrong with a form, at its top; each line leads to its field in the same words. */
export const ErrorSummary = ({ form }: { form?: Form | undefined }) => {
  const errors = Object.entries(form?.errors ?? {})
  if (errors.length === 0) return null
  const shown = errors.filter(([name]) => name !== '')
  const general = form?.errors['']
  return (
    <div class="summary" role="alert" tabindex={-1} id="errors">
      <h2>{general ?? `Please mend ${counts[shown.length] ?? `${shown.length} things`}`}</h2>
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
