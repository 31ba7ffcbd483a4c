import type { Child } from 'hono/jsx'
import type { Form } from '../../src/platform/web/form.ts'
import { ErrorSummary } from './field.tsx'
import { inMain, sentInMain } from './in-main.ts'

type Props = {
  /** The act, as its button says it. */
  title: string
  back: { href: string; name: string }
  action: string
  form?: Form | undefined
  version: number
  children?: Child
}

/** The page that says what a dangerous act will change, before it is done. */
export const Ask = ({ title, back, action, form, version, children }: Props) => (
  <div class="page">
    <p>
      <a href={back.href} {...inMain}>
        <bdi>{back.name}</bdi>
      </a>
    </p>
    <h1>{title}</h1>
    <ErrorSummary form={form} />
    {children}
    <form {...sentInMain(action)}>
      <input type="hidden" name="version" value={String(version)} />
      <div class="row">
        <button class="btn danger">{title}</button>{' '}
        <a href={back.href} {...inMain}>
          Cancel
        </a>
      </div>
    </form>
  </div>
)
