import type { Child } from 'hono/jsx'
import type { Form } from '../../src/platform/web/form.ts'
import { Icon } from './icon.tsx'

export type Said = { label: string; name: string; hint?: string | undefined; form?: Form | undefined }

/** What ties a control to its hint and its error. */
export function tied({ name, hint, form }: Omit<Said, 'label'>) {
  const error = form?.errors[name]
  const described = [error && `${name}-error`, hint && `${name}-hint`].filter(Boolean).join(' ')
  return {
    id: name,
    name,
    'aria-invalid': error ? ('true' as const) : undefined,
    'aria-describedby': described || undefined,
  }
}

/** A control under its label, with its hint and its error. */
export const Labelled = ({ label, name, hint, form, children }: Said & { children?: Child }) => {
  const error = form?.errors[name]
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
      {children}
    </div>
  )
}
