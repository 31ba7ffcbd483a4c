import type { Child } from 'hono/jsx'
import type { Actor, Visitor } from '../src/platform/access/actor.ts'
import { asset } from '../src/platform/web/static.ts'
import { Bar, Side, sideEntries } from './navigation.tsx'
import { Icon } from './parts/icon.tsx'

const htmxConfig = JSON.stringify({
  includeIndicatorCSS: false,
  noSwap: [204, 304, '4xx', '5xx'],
  defaultTimeout: 60000,
})

type Props = {
  title: string
  body: Child
  /** What stands above every screen. */
  above: Child
  /** What was just done, where the page is what tells it. */
  said: string | null
  visitor: Visitor | null
  actor: Actor | null
  path: string
  atDoor: boolean
}

/** A whole page: inside the frame for somebody signed in, else, and for what strangers may open as well, on the plain sheet of the door. */
export const Layout = ({ title, body, above, said, visitor, actor, path, atDoor }: Props) => {
  const signedIn = visitor?.session.stage === 'full' && !atDoor
  const bare = signedIn && sideEntries(actor).length === 0 && !visitor.account.isSupport
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>{`${title} – Rollcall`}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href={asset('app.css')} />
        {signedIn && (
          <>
            <meta name="htmx-config" content={htmxConfig} />
            <script src={asset('app.js')} defer />
          </>
        )}
      </head>
      {signedIn ? (
        <body class={bare ? 'bare' : undefined}>
          <a class="skip" href="#main">
            Skip to content
          </a>{' '}
          <Bar visitor={visitor} actor={actor} />
          <Side visitor={visitor} actor={actor} path={path} />
          <main id="main" tabindex={-1}>
            {above}
            {said && (
              <p class="note" role="status">
                {said}
              </p>
            )}
            {body}
          </main>
          <div id="toast" role="status" />
        </body>
      ) : (
        <body class="door">
          <main id="main">
            <p class="mark">
              <Icon name="tally" />
              Rollcall
            </p>
            <div class="sheet">{body}</div>
          </main>
        </body>
      )}
    </html>
  )
}
