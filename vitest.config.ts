import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** What takes longest begins first, so that both workers end together: by the size of a file, which tells that, but for these. */
const slow = ['every-screen', 'embedded', 'access-matrix', 'kill', 'bad-input', 'table', 'bad-addresses']
class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const place = slow.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`))
      return place < 0 ? slow.length : place
    }
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}

export default defineConfig({
  test: {
    globalSetup: 'tests/support/global.ts',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    sequence: { sequencer: SlowestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'app',
          // Files share a process and what they import, which halves their time: what a test changes is in its own organization,
          // or in a database of its own.
          isolate: false,
          include: ['tests/**/*.test.{ts,tsx}'],
          exclude: ['tests/browser/**', 'tests/platform/{kill,embedded}.test.ts'],
        },
      },
      // After the others, two at a time: they start browsers, servers and programs, and wait for them more than they compute.
      {
        extends: true,
        test: {
          name: 'machine',
          include: ['tests/browser/**/*.test.ts', 'tests/platform/{kill,embedded}.test.ts'],
          testTimeout: 180_000,
          // What a browser shows comes when it comes: on a busy machine, later.
          expect: { poll: { timeout: 10_000 } },
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
