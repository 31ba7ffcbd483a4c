import type { Child } from 'hono/jsx'
import { Icon } from './icon.tsx'

/* What every list with filters in its address is drawn with: the members and the history of invitations. */

/** Links in here change what #people shows; htmx reads it once for all of them, outside of what each swap brings again. */
export const changesPeople = {
  'data-hx-boost:inherited': 'true',
  'data-hx-target:inherited': '#people',
  'data-hx-swap:inherited': 'outerMorph show:none',
}
export const opensPanel = {
  'data-hx-boost:inherited': 'true',
  'data-hx-target:inherited': '#panel',
  'data-hx-swap:inherited': 'outerHTML show:none',
}

const number = new Intl.NumberFormat('en-US')

export type Option = { value: string; label: string; checked: boolean; count?: string | undefined }
type BoxesProps = { name: string; options: Option[]; type?: 'checkbox' | 'radio' }

export const Boxes = ({ name, options, type = 'checkbox' }: BoxesProps) => (
  <>
    {options.map((option) => (
      <>
        <label>
          <input type={type} name={name} value={option.value} checked={option.checked} />
          {option.label}
          {option.count && <i>{option.count}</i>}
        </label>{' '}
      </>
    ))}
  </>
)

/* Text browsers show everything at once: the spaces, here and elsewhere, and the line break are for them. */
export const Filter = ({ label, children }: { label: string; children?: Child }) => (
  <>
    <details class="menu" name="f">
      <summary class="btn">
        {label}
        <Icon name="chevron" />
      </summary>{' '}
      <fieldset class="opts" aria-label={label}>
        {children}
        <button class="btn">Apply</button>
      </fieldset>
    </details>
    <br />
  </>
)

type FindProps = {
  base: string
  /** What is searched, in lower case. */
  what: string
  label: string
  q: string
  count: number
  show: string
  columns: Record<string, { label: string }>
  sort: string
  descending: boolean
  /** The sort of an address that names none. */
  usual: string
  children?: Child
}

/** Search and filters: one GET form, so that its address says it all. */
export const Find = ({ base, what, label, q, count, show, columns, sort, descending, usual, children }: FindProps) => (
  <form
    class="find"
    role="search"
    aria-label={label}
    autocomplete="off"
    action={base}
    data-hx-get={base}
    data-hx-target="#people"
    data-hx-swap="outerMorph"
    data-hx-sync="this:replace"
    data-hx-trigger="submit, input delay:400ms from:#q"
  >
    <div class="q">
      <label class="vh" for="q">
        Search {what}
      </label>
      <input id="q" name="q" type="search" value={q} placeholder={`Search ${what}`} maxlength={200} />{' '}
      <button class="icon">
        <Icon name="search" />
        <span class="vh">Search</span>
      </button>
      <kbd aria-hidden="true" />
    </div>
    <a class="btn fold" href="#filters">
      Filters{count > 0 && ` (${count})`}
    </a>
    <div class="filters" id="filters">
      <header>
        <b>Filters</b>
        <a class="icon" href="#list" aria-label="Close filters">
          <Icon name="close" />
        </a>
      </header>
      <br />
      {children}
      <label class="sort">
        Sort by{' '}
        <select name="sort" data-usual={usual}>
          {Object.entries(columns).flatMap(([name, column]) =>
            [false, true].map((down) => (
              <option value={`${down ? '-' : ''}${name}`} selected={name === sort && down === descending}>
                {column.label}
                {down ? ', descending' : ''}
              </option>
            )),
          )}
        </select>
      </label>{' '}
      <button class="btn main sort">{show}</button>
    </div>
  </form>
)

export type Chip = [label: string, href: string]

/** Every filter in force as a link that takes it away. */
export const Chips = ({ base, chips, q }: { base: string; chips: Chip[]; q: string }) =>
  chips.length === 0 && !q ? null : (
    <>
      {chips.map(([label, href]) => (
        <>
          {' '}
          <a class="chip" href={href}>
            <span class="vh">Remove filter </span>
            {label}
            <Icon name="close" />
          </a>
        </>
      ))}{' '}
      <a href={base}>{chips.length > 0 ? 'Clear filters' : 'Clear search'}</a>
    </>
  )

type PageOf = { rows: unknown[]; first?: number; before: unknown; after: unknown }
type Count = { found: number; exact: boolean } | null

/** How many there are, as far as it is known without making anybody wait. */
export function total(page: PageOf, counted: Count): { text: string; one: boolean } {
  const seen = (page.after ?? page.before) === null ? page.rows.length : null
  if (seen !== null) return { text: number.format(seen), one: seen === 1 }
  if (counted?.exact) return { text: number.format(counted.found), one: counted.found === 1 }
  const least = counted ? Math.max(counted.found > 10_000 ? 10_000 : counted.found, 50) : 50
  return { text: `more than ${number.format(least)}`, one: false }
}

type PagerProps = { page: PageOf; count: Count; before: string | null; after: string | null }
export const Pager = ({ page, count, before, after }: PagerProps) => {
  const first = page.first ?? 1
  if (before === null && after === null) return null
  return (
    <nav class="pager" aria-label="Pages">
      <span>
        {number.format(first)}–{number.format(first + page.rows.length - 1)} of {total(page, count).text}
      </span>{' '}
      {before !== null && (
        <a class="btn" rel="prev" href={before}>
          Previous
        </a>
      )}{' '}
      {after !== null && (
        <a class="btn" rel="next" href={after}>
          Next
        </a>
      )}
    </nav>
  )
}

type HeadsProps<Sort extends string> = {
  columns: Record<Sort, { label: string }>
  classes: Record<Sort, string>
  sort: Sort
  descending: boolean
  /** Whether a sort begins with the last of its values when it is chosen anew. */
  downFirst?: (sort: Sort) => boolean
  href: (sort: Sort, descending: boolean) => string
}

type HeadProps = {
  label: string
  class?: string | undefined
  current: boolean
  descending: boolean
  downFirst?: boolean | undefined
  href: (descending: boolean) => string
}

/** The head of a column: a link that sorts by it, and the other way where it does already. */
export const Head = ({ label, class: name, current, descending, downFirst = false, href }: HeadProps) => (
  <th scope="col" class={name} aria-sort={current ? (descending ? 'descending' : 'ascending') : undefined}>
    <a href={href(current ? !descending : downFirst)}>{label}</a>
  </th>
)

/** The heads of a table that sorts by each. */
export const Heads = <Sort extends string>({
  columns,
  classes,
  sort,
  descending,
  downFirst,
  href,
}: HeadsProps<Sort>) => (
  <thead>
    <tr>
      {(Object.keys(columns) as Sort[]).map((name) => (
        <Head
          label={columns[name].label}
          class={classes[name] || undefined}
          current={name === sort}
          descending={descending}
          downFirst={downFirst?.(name)}
          href={(down) => href(name, down)}
        />
      ))}
      <th scope="col">
        <span class="vh">Actions</span>
      </th>
    </tr>
  </thead>
)

type DownloadsProps = { base: string; query: string; what: string; swap?: boolean }

/** The list as a file, all of its pages. */
export const Downloads = ({ base, query, what, swap }: DownloadsProps) => (
  <ul class="items" id="downloads" data-hx-swap-oob={swap ? 'true' : undefined}>
    <li>
      <a href={`${base}.csv${query}`}>CSV, {what}</a>
    </li>
    <li>
      <a href={`${base}.xlsx${query}`}>Excel, {what}</a>
    </li>
  </ul>
)

export const DownloadMenu = (props: DownloadsProps) => (
  <details class="menu end" name="bar">
    <summary class="btn">
      <Icon name="download" />
      Download
    </summary>
    <Downloads {...props} />
  </details>
)

type EmptyProps = {
  title: string
  text: string
  /** What else there is to do, before the ways out of a filter. */
  children?: Child
  base: string
  q: string
  filters: number
}

/** What would be here, and the next step. */
export const Empty = ({ title, text, children, base, q, filters }: EmptyProps) => (
  <section class="empty" aria-labelledby="none">
    <h2 id="none">{title}</h2>
    <p>{text}</p>
    <div class="row">
      {children}
      {(filters > 0 || q) && (
        <a class="btn" href={base}>
          {filters > 0 ? 'Clear filters' : 'Clear search'}
        </a>
      )}
      {q && filters > 0 && (
        <a class="btn" href={`${base}?${new URLSearchParams({ q })}`}>
          Search “{q}” only
        </a>
      )}
    </div>
  </section>
)
