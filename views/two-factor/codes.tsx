import type { Form } from '../../src/platform/web/form.ts'
import { ErrorSummary } from '../parts/field.tsx'
import { Icon } from '../parts/icon.tsx'
import { sentInMain } from '../parts/in-main.ts'
import { SignOut } from '../parts/sign-out.tsx'
import { ExactTime } from '../parts/time.tsx'
import type { Place } from './enroll.tsx'

type Props = {
  place: Place
  /** Two-factor is turned on with them. */
  first: boolean
  codes: string[]
  enrollment: string
  /** When the set was made that these replace. */
  made: Date | null
  zone: string
  form?: Form | undefined
}

/** Backup codes, shown until they are saved: as a file, on paper, or copied. app.js adds the buttons that need a script. */
export const SaveCodes = (props: Props) =>
  props.place.home ? (
    <div class="page">
      <Codes {...props} />
    </div>
  ) : (
    <Codes {...props} />
  )

const Codes = ({ place, first, codes, enrollment, made, zone, form }: Props) => (
  <>
    <h1>Save your backup codes</h1>
    <ErrorSummary form={form} />
    <p>
      {first
        ? 'Your app works. One thing is left: if you lose your phone, each of these ten codes signs you in once.'
        : 'If you lose your phone, each of these ten codes signs you in once.'}{' '}
      They are not shown again.
    </p>
    <ol class="codes" translate="no">
      {codes.map((code) => (
        <li>
          <code>{code}</code>
        </li>
      ))}
    </ol>
    <p class="note">
      Keep them where you keep your passport or in a password manager, not in your mail.
      {made && (
        <>
          {' '}
          The codes made on <ExactTime at={made} zone={zone} /> work until you finish here.
        </>
      )}
    </p>
    <div class="row" data-codes>
      <a class="btn" href={`${place.codes}.txt`} download="rollcall-backup-codes.txt">
        <Icon name="download" />
        Download
      </a>
    </div>
    <form {...(place.home ? sentInMain(place.codes) : { method: 'post', action: place.codes })}>
      <input type="hidden" name="enrollment" value={enrollment} />
      <div class="field">
        {form?.errors.saved && (
          <p class="error" id="saved-error">
            <Icon name="alert" />
            {form.errors.saved}
          </p>
        )}
        <label class="check">
          <input
            type="checkbox"
            name="saved"
            id="saved"
            value="on"
            required
            aria-invalid={form?.errors.saved ? 'true' : undefined}
            aria-describedby={form?.errors.saved ? 'saved-error' : undefined}
          />{' '}
          <span>I have saved these codes</span>
        </label>
      </div>
      <div class="row">
        <button class="btn main">{first ? 'Turn on two-factor' : 'Use these codes from now on'}</button>{' '}
        {place.home && (
          <a class="btn plain" href={place.home}>
            Cancel
          </a>
        )}
      </div>
    </form>
    {!place.home && <SignOut form="foot" look="btn" />}
  </>
)
