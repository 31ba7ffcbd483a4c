/** Beyond it people aren't counted. */
const most = 10_000
const number = new Intl.NumberFormat('en-US')

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count === 0 ? 'no' : number.format(count)} ${count === 1 ? one : many}`

/** How many people, as a link to them where there is one. */
export const People = ({ count, href }: { count: number; href?: string | undefined }) => {
  const words = count > most ? `more than ${number.format(most)} people` : plural(count, 'person', 'people')
  return href && count > 0 ? <a href={href}>{words}</a> : <span>{words}</span>
}
