import { type ContactName, contactNames, type Profile } from '../../src/members/edit/rules.ts'
import type { Form } from '../../src/platform/web/form.ts'
import { Field } from './field.tsx'

/** Each field's label, and what it is to a browser that fills in one's own. */
export const contactWords = {
  first_name: { label: 'First name', own: 'given-name' },
  last_name: { label: 'Last name', own: 'family-name' },
  title: { label: 'Title', own: 'organization-title' },
  cell_phone: { label: 'Cell phone', own: 'mobile tel' },
  office_phone: { label: 'Office phone', own: 'work tel' },
  extension: { label: 'Extension', own: 'work tel-extension' },
} as const satisfies Record<ContactName, { label: string; own: string }>

type Props = {
  profile: Pick<Profile, ContactName>
  form?: Form | undefined
  /** Those of the form, when they aren't all. */
  names?: readonly ContactName[]
  /** It is about whoever fills it in. */
  own?: boolean
}

/** Names, title and phones. */
export const ContactFields = ({ profile, form, names = contactNames, own }: Props) => (
  <>
    {names.map((name) => (
      <Field
        label={contactWords[name].label}
        name={name}
        type={/phone/.test(name) ? 'tel' : 'text'}
        {...(name === 'extension' ? { inputmode: 'tel' as const } : {})}
        form={form}
        value={profile[name]}
        maxlength={/phone|extension/.test(name) ? 40 : 100}
        autocomplete={own ? contactWords[name].own : 'off'}
        short={name === 'extension'}
      />
    ))}
  </>
)
