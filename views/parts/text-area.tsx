import { Labelled, type Said, tied } from './labelled.tsx'

type Props = Said & { value?: string; rows?: number; required?: boolean; maxlength?: number }

/** Several lines of text, with their hint and their error. */
export const TextArea = ({ label, name, hint, form, value = '', ...rest }: Props) => (
  <Labelled label={label} name={name} hint={hint} form={form}>
    <textarea {...tied({ name, hint, form })} {...rest}>
      {/* The first line break of a text area is left out by browsers. */}
      {`\n${form?.values[name] ?? value}`}
    </textarea>
  </Labelled>
)
