/**
 * A form about one person, which stands inside of <Act>: beside the list htmx sends it and puts the answer in the panel's place, as
 * <Act> says; on a page of its own the browser sends it. What was refused (422) or changed meanwhile (409) comes back as the same
 * form; a toast, whose answer says so itself, leaves the form as it is.
 */
export const sent = (action: string) =>
  ({
    method: 'post',
    action,
    'data-hx-status:422': 'push:false',
    'data-hx-status:409': 'push:false',
  }) as const
