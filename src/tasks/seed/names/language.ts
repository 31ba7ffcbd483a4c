/** How somebody's name is put together, and where from; the lists are in the files beside this one. */
export type Language = {
  code: string
  /** Share of all people, compared with the other languages. */
  weight: number
  /** How steeply frequency falls along the lists; 0.7 when nothing is said. An entry's own "*33" goes before it. */
  zipf?: number
  /**
   * Lists with commas between the entries, the commonest first. An entry is `name`, `name=ascii` or `name*frequency`: the
   * ASCII form is for email addresses, and is needed where the script can't be read letter by letter (ascii.ts).
   */
  women: string
  men: string
  last: string
  fathers?: string
  middle?: string
  menMiddle?: string
  /** Changes a surname for a woman; the first pattern that fits. */
  feminine?: [RegExp, string][]
  /**
   * Shapes with their frequencies, first name | last name: F a first name, L a surname, P a father's name, A a middle one;
   * a space or a hyphen stands for itself, + joins without either, and anything else is written as it is.
   */
  shapes: Record<string, number>
  womenShapes?: Record<string, number>
  /** ä, ö, ü, ø and å are two letters in an address. */
  digraphs?: boolean
  /** Countries of telephone numbers (phones.ts). */
  phones: Record<string, number>
}
