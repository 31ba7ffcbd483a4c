/** What was done, beside the fresh screen of a swap: app.js says it in the toast. */
export const Said = ({ text }: { text: string }) => <template data-said={text} />
