import { mailTo } from './mail-to.ts'

export type Helper = { first_name: string; last_name: string; email: string }

/** Whom to ask. `who` heads their names, and `caption` says who they are to those who hear the table. */
export const Helpers = ({ who, caption, people }: { who: string; caption: string; people: Helper[] }) => (
  <table class="rights">
    <caption class="vh">{caption}</caption>
    <thead>
      <tr>
        <th scope="col">{who}</th>
        <th scope="col">Email</th>
      </tr>
    </thead>
    <tbody>
      {people.map((person) => (
        <tr>
          <th scope="row">
            <bdi>{`${person.first_name} ${person.last_name}`.trim() || '–'}</bdi>
          </th>
          <td>
            <a href={mailTo(person.email)}>{person.email}</a>
          </td>
        </tr>
      ))}
    </tbody>
  </table>
)
