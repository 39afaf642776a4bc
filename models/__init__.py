"""The words Afterbeep uses, in the order a recording meets them: frozen types, no I/O, nothing imported from above."""
