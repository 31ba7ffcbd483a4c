/** How long a delay lasts, in words. */
export const inMinutes = (seconds: number): string =>
  seconds > 7200
    ? `${Math.ceil(seconds / 3600)} hours`
    : seconds > 90
      ? `${Math.ceil(seconds / 60)} minutes`
      : seconds === 1
        ? '1 second'
        : `${seconds} seconds`
