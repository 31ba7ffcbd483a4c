import QRCode from 'qrcode'
import type { Visitor } from '../../src/platform/access/actor.ts'
import type { Form } from '../../src/platform/web/form.ts'
import { addressOf } from '../../src/two-factor/totp.ts'
import { ErrorSummary, Field } from '../parts/field.tsx'
import { sentInMain } from '../parts/in-main.ts'
import { SignOut } from '../parts/sign-out.tsx'
import { Day, ExactTime } from '../parts/time.tsx'

/** Where the pages stand. `home`: where somebody lands who is done, or has nothing begun; null: the first of them begins. */
export type Place = { app: string; codes: string; home: string | null }

/** The dark squares as one path, a stroke for each run of them; four squares of quiet around it, as readers need. */
const Qr = ({ address }: { address: string }) => {
  const { size, data } = QRCode.create(address, { errorCorrectionLevel: 'M' }).modules
  let path = ''
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      let run = 0
      while (x + run < size && data[y * size + x + run]) run++
      if (run > 0) path += `M${x} ${y}h${run}`
      x += run
    }
  return (
    <svg
      viewBox={`-4 -4.5 ${size + 8} ${size + 8}`}
      shape-rendering="crispEdges"
      role="img"
      aria-label="QR code with the secret beside it"
    >
      <path stroke="#000" d={path} />
    </svg>
  )
}

/** Before the first step, where it must be done to get in. */
export const BeginEnrolling = ({
  action,
  needed,
  form,
}: {
  action: string
  /** The organization that requires it, and since when; null where somebody's was reset. */
  needed: Visitor['twoFactor']['needed']
  form?: Form | undefined
}) => (
  <>
    <h1>Turn on two-factor authentication</h1>
    <ErrorSummary form={form} />
    {needed && (
      <p>
        <bdi>{needed.by}</bdi> has required it since <Day date={needed.from} />.
      </p>
    )}
    <p>
      Your account needs it before anything else opens. You need an authenticator app, on your phone or this computer:
      any that makes six-digit codes will do. It takes two minutes.
    </p>
    <form method="post" action={action}>
      <input type="hidden" name="start" value="on" />
      <button class="btn main">Begin</button>
    </form>
    <SignOut form="foot" look="btn" />
  </>
)

type Props = {
  place: Place
  replaces: boolean
  secret: string
  email: string
  enrollment: string
  until: Date
  zone: string
  form?: Form | undefined
}

/** Putting Rollcall into an authenticator app. What was in force before stays so until the code has shown that it works. */
export const Enroll = ({ place, replaces, secret, email, enrollment, until, zone, form }: Props) => {
  const address = addressOf(secret, email)
  return (
    <div class={place.home ? 'page' : undefined}>
      <h1>{replaces ? 'Replace your authenticator' : 'Turn on two-factor authentication'}</h1>
      <ErrorSummary form={form} />
      <p>
        {replaces
          ? 'Your present app goes on working until the code of the new one is confirmed here. Your backup codes stay.'
          : 'After your password, Rollcall will ask for a code from an app on your phone or computer. Nothing changes until you have confirmed a code and saved your backup codes.'}
      </p>
      <ol class="enroll">
        <li>
          <div>
            <h2>Add Rollcall to your authenticator app</h2>
            <p>Scan this code, or type the secret below. Any app that makes six-digit codes will do.</p>
            <div class="qr">
              <Qr address={address} />
              <div>
                <p>
                  On this device already? <a href={address}>Open your authenticator app</a>
                </p>
                <p>The secret, to type in as a time-based key:</p>
                <p>
                  <code class="secret" translate="no">
                    {secret.match(/.{1,4}/g)?.join(' ')}
                  </code>
                </p>
              </div>
            </div>
          </div>
        </li>
        <li>
          <div>
            <h2>Keep the secret to yourself</h2>
            <p>
              Whoever has it can make your codes. It is shown on this page only, and this page ends at{' '}
              <ExactTime at={until} zone={zone} />.
            </p>
          </div>
        </li>
        <li>
          <div>
            <h2>Enter the code that the app shows</h2>
            <form {...(place.home ? sentInMain(place.app) : { method: 'post', action: place.app })}>
              <input type="hidden" name="enrollment" value={enrollment} />
              <Field
                label="Code"
                name="code"
                hint="Six digits, for example 123 456"
                code
                inputmode="numeric"
                autocomplete="one-time-code"
                required
                form={form}
              />
              <div class="row">
                <button class="btn main">Confirm the code</button>
                {place.home && (
                  <a class="btn plain" href={place.home}>
                    Cancel
                  </a>
                )}
              </div>
            </form>
          </div>
        </li>
      </ol>
      <form {...(place.home ? sentInMain(place.app) : { method: 'post', action: place.app })}>
        <p>Does the app refuse it, or did you lose the entry?</p>
        <input type="hidden" name="start" value="on" />
        <button class="btn">Begin again with a new secret</button>
      </form>
      {!place.home && <SignOut form="foot" look="btn" />}
    </div>
  )
}
