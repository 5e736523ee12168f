// libpcap only compiles filters here; it opens no device. These stand for its module that captures from
// D-Bus.
#include <stddef.h>

struct pcap;

int dbus_findalldevs(void* devices, char* error);
struct pcap* dbus_create(const char* device, char* error, int* is_ours);

int dbus_findalldevs(void* devices, char* error) {
    (void)devices;
    (void)error;
    return 0;
}

struct pcap* dbus_create(const char* device, char* error, int* is_ours) {
    (void)device;
    (void)error;
    *is_ours = 0;
    return NULL;
}
