/** What somebody wrote on several lines. */
export const Lines = ({ text }: { text: string }) => <>{text.split('\n').map((one, n) => [n > 0 && <br />, one])}</>
