// Where the program begins.
#include "app/verb.h"

int main(int argc, char** argv) { return querist::app::run_command_line(argc, argv); }
