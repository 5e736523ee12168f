#include <string>
#include <vector>

#include "app/app.h"

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    return sslsniff::run(arguments);
}
