import type { Standing } from '../access/actor.ts'
import type { Permission } from '../access/permissions.ts'

/** What stops a request before it has an answer of its own; app.tsx turns each into its page or toast (architecture.md, "Failures"). */
export class Failure extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** Unknown, foreign and missing are one answer. */
export class NotFound extends Failure {
  constructor() {
    super(404, 'Not found')
  }
}

export class NotAllowed extends Failure {
  readonly missing: Permission | Standing
  constructor(missing: Permission | Standing) {
    super(403, 'Not allowed')
    this.missing = missing
  }
}

/** The permission is there, and yet not for this one (members/rules.ts). `message` is a sentence for the page. */
export class Refused extends Failure {
  constructor(message: string) {
    super(403, message)
  }
}

/** Somebody else changed it after it was shown. */
export class Conflict extends Failure {
  constructor() {
    super(409, 'Changed meanwhile')
  }
}

/** Leads to the sign-in page, or to the page of the stage that the session is in, and back afterwards. */
export class SignInFirst extends Failure {
  constructor() {
    super(401, 'Sign in first')
  }
}

/** A request that no form of ours makes. `message` is a sentence for the page. */
export class BadRequest extends Failure {
  constructor(message = 'This request can’t be understood.') {
    super(400, message)
  }
}

/** It came from another site's page, or from nowhere. `silent`: the browser said nothing at all of where it came from. */
export class ForeignRequest extends Failure {
  readonly silent: boolean
  constructor(silent: boolean) {
    super(403, 'This request didn’t come from a page of Rollcall.')
    this.silent = silent
  }
}

export class TooMany extends Failure {
  readonly seconds: number
  constructor(seconds: number) {
    super(429, 'Too many tries')
    this.seconds = Math.max(1, Math.ceil(seconds))
  }
}

/** One's own last download is still running. */
export class DownloadUnderWay extends TooMany {
  constructor() {
    super(15)
  }
}

/** Overloaded or without its database for the moment. */
export class Unavailable extends Failure {
  readonly seconds: number
  constructor(seconds = 5) {
    super(503, 'Unavailable')
    this.seconds = seconds
  }
}
