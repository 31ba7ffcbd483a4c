import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { newId } from '../../src/platform/ids.ts'
import { readLink, signLink } from '../../src/platform/links.ts'

const key = randomBytes(32)
const link = { kind: 'reset' as const, id: newId(), generation: 3, channel: 'mail' as const }

test('a link says whose it is and how it was sent, and can be made again', () => {
  const token = signLink(link, key)
  expect(token).toBe(signLink(link, key))
  expect(token).toMatch(/^[\da-f-]{36}\.3\.[\w-]{43}$/)
  expect(readLink('reset', token, key)).toEqual(link)
  const copied = signLink({ ...link, channel: 'copy' }, key)
  expect(copied).not.toBe(token)
  expect(readLink('reset', copied, key)?.channel).toBe('copy')
})

test('no letter of it can be changed', () => {
  const token = signLink(link, key)
  for (let at = 0; at < token.length; at++)
    for (const letter of 'aAbB01_-.fz') {
      const other = token.slice(0, at) + letter + token.slice(at + 1)
      if (other !== token) expect(readLink('reset', other, key), other).toBeNull()
    }
  for (const other of [
    '',
    '.',
    '..',
    `${token}.`,
    `${token}=`,
    ` ${token}`,
    token.toUpperCase(),
    token.slice(0, -1),
    `${token}A`,
  ])
    expect(readLink('reset', other, key)).toBeNull()
  expect(readLink('reset', token.replace('.3.', '.03.'), key)).toBeNull()
})

test('it is good for one purpose, with one key', () => {
  expect(readLink('invitation', signLink(link, key), key)).toBeNull()
  expect(readLink('reset', signLink({ ...link, kind: 'invitation' }, key), key)).toBeNull()
  expect(readLink('reset', signLink(link, key), randomBytes(32))).toBeNull()
})
