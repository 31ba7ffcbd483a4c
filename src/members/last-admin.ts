/** What the last Admin is told, whatever would end them. */
export const lastAdmin = 'They are the last Admin who can sign in. Make somebody else an Admin first.'

/** The database's own refusal (migration 09), which comes only when the check before it saw something else. */
const isKept = (error: unknown): boolean => {
  const { code, constraint_name } = (error ?? {}) as { code?: unknown; constraint_name?: unknown }
  return code === '23001' && constraint_name === 'keep_an_admin'
}

/** Writes what could end an Admin; false when they are the last one. */
export async function keepingAnAdmin(write: () => Promise<void>): Promise<boolean> {
  try {
    await write()
    return true
  } catch (error) {
    if (isKept(error)) return false
    throw error
  }
}
