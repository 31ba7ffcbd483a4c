type Next = () => number

const digits = (next: Next, count: number) => String(Math.floor(next() * 10 ** count)).padStart(count, '0')
const one = <T>(next: Next, list: readonly T[]): T => list[Math.floor(next() * list.length)]!

const american = (areas: string[]) => (next: Next) => `+1 ${one(next, areas)}-555-01${digits(next, 2)}`
const us = american(
  '201 206 212 213 214 215 303 305 312 404 410 415 503 504 512 602 612 614 617 619 702 713 801 808 901 919'.split(' '),
)
const canada = american('204 250 306 403 416 418 438 506 514 604 613 780 819 902'.split(' '))

/**
 * Numbers that reach nobody: the ranges that each country's regulator keeps for films and examples (NANPA 555-01xx, Ofcom,
 * ACMA, ARCEP, Bundesnetzagentur, PTS, ComReg). Other countries keep none, so their people have a number of one of these.
 */
export const phones: Record<string, { cell: (next: Next) => string; office: (next: Next) => string }> = {
  US: { cell: us, office: us },
  CA: { cell: canada, office: canada },
  GB: {
    cell: (next) => `+44 7700 900${digits(next, 3)}`,
    office: (next) =>
      `+44 ${one(next, ['20 7946 0', '113 496 0', '121 496 0', '131 496 0', '161 496 0', '1632 960'])}${digits(next, 3)}`,
  },
  IE: {
    cell: (next) => `+353 20 91${digits(next, 1)} ${digits(next, 4)}`,
    office: (next) => `+353 20 91${digits(next, 1)} ${digits(next, 4)}`,
  },
  AU: {
    cell: (next) => `+61 491 570 ${one(next, ['006', '156', '157', '158', '159', '110', '313', '737'])}`,
    office: (next) => `+61 ${one(next, ['2', '3', '7', '8'])} ${one(next, ['5550', '7010'])} ${digits(next, 4)}`,
  },
  FR: {
    cell: (next) => `+33 6 39 98 ${digits(next, 2)} ${digits(next, 2)}`,
    office: (next) =>
      `+33 ${one(next, ['1 99 00', '2 61 91', '3 53 01', '4 65 71', '5 36 49'])} ${digits(next, 2)} ${digits(next, 2)}`,
  },
  DE: {
    cell: (next) => `+49 ${one(next, ['171 39200', '176 040690'])}${digits(next, 2)}`,
    office: (next) =>
      `+49 ${one(next, ['30 23125', '69 90009', '40 66969', '221 4710', '89 99998'])}${digits(next, 3)}`,
  },
  SE: {
    cell: (next) => `+46 70 174 06 ${5 + Math.floor(next() * 5)}${digits(next, 1)}`,
    office: (next) => `+46 ${one(next, ['31 390 06', '40 628 04', '8 465 004'])} ${digits(next, 2)}`,
  },
}
