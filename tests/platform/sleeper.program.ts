// Some other program of the machine, which has got a number that once was the database's.
process.stdout.write('here\n')
setTimeout(() => {}, 60_000)
