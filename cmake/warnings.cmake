# Warnings are errors for our own code; the list is short enough to be always green.
add_compile_options(-Wall -Wextra -Wpedantic -Werror -Wno-missing-field-initializers)
