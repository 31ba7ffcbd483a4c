import type { Actor } from '../../src/platform/access/actor.ts'
import type { SeatDay, Usage } from '../../src/settings/queries.ts'
import { Icon } from '../parts/icon.tsx'
import { Tabs } from '../parts/tabs.tsx'
import { Day } from '../parts/time.tsx'

const number = new Intl.NumberFormat('en-US')

/** Settings > Usage: seats now and by day. */
export const UsageScreen = ({ actor, usage }: { actor: Actor; usage: Usage }) => {
  const { seats, peak, days } = usage
  const most = Math.max(seats, ...days.map((one) => one.seats ?? 0), 1)
  const base = `/o/${actor.organization.slug}/settings/usage`
  return (
    <div class="list">
      <div class="head">
        <h1>Settings</h1>
        <Tabs actor={actor} section="Settings" current="/settings/usage" />
      </div>
      <div class="row toolbar">
        <span class="gap" />
        <details class="menu end" name="bar">
          <summary class="btn">
            <Icon name="download" />
            Download
          </summary>
          <ul class="items">
            <li>
              <a href={`${base}.csv`}>CSV, every day counted</a>
            </li>
            <li>
              <a href={`${base}.xlsx`}>Excel, every day counted</a>
            </li>
          </ul>
        </details>
      </div>
      <p class="found">
        <span>
          <b>{number.format(seats)}</b> {seats === 1 ? 'seat' : 'seats'} in use now
        </span>{' '}
        <span>
          <b>{number.format(peak)}</b> at most this month
        </span>
      </p>
      <p class="muted">
        Each member who is Active uses a seat. They are counted once a day, soon after midnight. Days and times are
        those of UTC.
      </p>
      <table class="rights wide usage">
        <caption class="vh">Seats by day, newest first</caption>
        <thead>
          <tr>
            <th scope="col">Day</th>
            <th scope="col">Seats</th>
            <th scope="col">
              <span class="vh">Drawn as a bar</span>
            </th>
            <th scope="col">Counted at</th>
          </tr>
        </thead>
        <tbody>
          {days.map((one, n) => (
            <Counted date={one} most={most} today={n === 0} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

const Counted = ({
  date: { day, seats, counted_at },
  most,
  today,
}: {
  date: SeatDay
  most: number
  today: boolean
}) => (
  <tr>
    <th scope="row">
      <Day date={day} />
    </th>
    {seats === null ? (
      <>
        <td>–</td>
        <td />
        <td>{today ? 'Not counted yet' : 'Not recorded'}</td>
      </>
    ) : (
      <>
        <td>{number.format(seats)}</td>
        <td>
          <svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
            <path d={`M0 0h${Math.round((seats / most) * 1000) / 10}v1H0z`} />
          </svg>
        </td>
        <td>{counted_at?.toISOString().slice(11, 16)}</td>
      </>
    )}
  </tr>
)
