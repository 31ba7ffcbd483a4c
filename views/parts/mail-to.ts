/** Where a link to write to somebody leads: an address may have ? and %, which mean something else there. */
export const mailTo = (email: string): string => `mailto:${encodeURIComponent(email).replace('%40', '@')}`
