import { africaIslands } from './africa-islands.ts'
import { cyrillicGreek } from './cyrillic-greek.ts'
import { eastAsia } from './east-asia.ts'
import { easternEurope } from './eastern-europe.ts'
import type { Language } from './language.ts'
import { middleEast } from './middle-east.ts'
import { northernEurope } from './northern-europe.ts'
import { southAsia } from './south-asia.ts'
import { westernEurope } from './western-europe.ts'

export const languages: Language[] = [
  ...westernEurope,
  ...northernEurope,
  ...easternEurope,
  ...cyrillicGreek,
  ...middleEast,
  ...southAsia,
  ...eastAsia,
  ...africaIslands,
]
