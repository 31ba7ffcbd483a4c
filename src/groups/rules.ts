/** The profile fields that a group may lock for its members (product.md, "group"; password and two-factor never). */
export const lockable = {
  first_name: { label: 'First name' },
  last_name: { label: 'Last name' },
  title: { label: 'Title' },
  cell_phone: { label: 'Cell phone' },
  office_phone: { label: 'Office phone' },
  extension: { label: 'Extension' },
  email: { label: 'Email', help: 'Holds only where the organization manages the account' },
  username: { label: 'Username', help: 'Holds only where the organization manages the account' },
} as const satisfies Record<string, { label: string; help?: string }>
export type LockableField = keyof typeof lockable
