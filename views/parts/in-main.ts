import { sent } from './sent.ts'

/** A link to another screen of the same frame: htmx brings it alone, into the frame's place for screens. */
export const inMain = {
  'data-hx-boost': 'true',
  'data-hx-target': '#main',
  'data-hx-swap': 'innerHTML show:none',
} as const

/** A form that is a screen: htmx sends it and puts the answer in its place, be it the form with what is wrong or the next screen. */
export const sentInMain = (action: string) => ({ ...inMain, ...sent(action) }) as const
