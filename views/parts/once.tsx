/** A secret that is shown this once. app.js puts a Copy button beside it; without script it is text to select. */
export const Once = ({ text }: { text: string }) => (
  <p class="once">
    <code data-copy translate="no">
      {text}
    </code>
  </p>
)
