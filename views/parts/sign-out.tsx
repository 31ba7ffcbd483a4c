/** The way out. Its button has a name because lynx asks for the address of a form without fields as if it were a link. */
export const SignOut = ({ form, look }: { form?: string; look?: string }) => (
  <form class={form} method="post" action="/sign-out">
    <button class={look} name="sign_out">
      Sign out
    </button>
  </form>
)
